"""The editors' desk: an HTTP service at the gate before publishing, and the pages on which people decide."""
