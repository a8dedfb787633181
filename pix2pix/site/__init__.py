"""The painter as a folder of files that any web server serves: no program runs behind it."""
