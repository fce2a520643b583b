"""``make bench``: how long an audit takes beside the least it could take."""
