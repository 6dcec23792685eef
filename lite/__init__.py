"""JupyterLab in the browser, built of what the book offers to run."""
