// GraphiQL's scroll lock writes a style element; get-nonce reads the page's nonce from this global name.
window.__webpack_nonce__ = document.getElementById("explorer").dataset.nonce;
