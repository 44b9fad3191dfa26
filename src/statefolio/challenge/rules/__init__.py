"""The rules of a challenge: the organiser's file, the windows, what a submission may be, and the commitment."""
