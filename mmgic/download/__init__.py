"""URLs to files and tars of pictures, with a ledger of what became of each: the downloader of `fetch`.

* ``client``: asks for one URL until it comes or is given up; the outcome is a value;
* ``limits``: how many requests at once, in all and to one host;
* ``pictures``: a list of URLs of any length to tars;
* ``files``: large files, taken up where they broke off;
* ``ledger``: what is known of each URL, on disk, whatever kills the process.
"""
