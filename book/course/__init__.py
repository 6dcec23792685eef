"""What the chapters share: one figure style, the clinical scores, the runner."""
