"""Views: expected returns, and the covariance of their estimation error."""
