"""The best weights within constraints: objectives, and the solver under them."""
