"""Files of records: how these are framed, protocol buffers, and many events read at once."""
