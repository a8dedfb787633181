"""The commands of `python -m pix2pix`, one module each; nothing else imports them."""
