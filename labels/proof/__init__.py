"""What a written label may not change: for each container, the parts of a file that must be there afterwards as before.

These modules parse files on their own, apart from the readers and writers in ``containers``, so that a mistake there is
noticed here. Each function takes the bytes of a file and yields ``(name, bytes)`` for every part but the label, and
raises UnsuitableFileError where the file is cut short or contradicts itself.
"""
