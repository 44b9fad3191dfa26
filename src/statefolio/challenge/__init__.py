"""The challenge: a scoring engine whose test period nobody sees, its service, its pages and its client."""
