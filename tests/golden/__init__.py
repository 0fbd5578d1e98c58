"""Files that later versions must read as the version that wrote them did, and the scripts that remake them."""
