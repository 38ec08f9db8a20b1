"""lossscan inside a training: a monitor for plain loops, callbacks for trainers.

Nothing here is imported by the command line; each callback imports its trainer when it is made.
"""
