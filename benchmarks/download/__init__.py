"""URLs to tars: the downloader of `fetch` beside img2dataset, on one local server."""
