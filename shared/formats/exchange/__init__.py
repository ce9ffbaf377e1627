"""The formats of data sets that other tools read and write, a module each.

`fits` tells whether a source is of the format, `read` reads it, `places` says where a picture lies in it, and `write`
what lies beside the pictures. A picture that is written is named by its file's name alone.
"""
