"""The build: the text of a section goes in, an executed page comes out.

One stage a file, in the order data flow. Nothing here knows what the book is about.
"""
