"""What a participant starts from: an archive of the public data, the rules, submissions that work and a notebook."""
