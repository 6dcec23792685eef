"""What the other tests rely on: a page reaches this machine only, and is found out."""

import pytest
from chromium import quiet, visit

pytestmark = pytest.mark.browser

ASK = """address => new Promise(done => {
  const refused = () => done("refused");
  if (address.startsWith("ws")) new WebSocket(address).onerror = refused;
  else fetch(address, { mode: "no-cors" }).then(() => done("came"), refused);
})"""


@pytest.mark.parametrize(
    "address", ["https://example.org/x", "http://192.0.2.1/x", "ws://192.0.2.1/x"]
)
def test_a_page_that_asks_another_host_gets_nothing_and_is_found_out(
    browser, book, address
):
    with visit(browser) as seen:
        page = seen.page
        page.goto(f"{book}/404.html")
        assert not quiet(seen)
        assert page.evaluate(ASK, address) == "refused"
        # For want of a name: nothing was sent, where there is a network, too.
        assert any("ERR_NAME_NOT_RESOLVED" in error for error in seen.errors)
        assert seen.elsewhere == [address]
