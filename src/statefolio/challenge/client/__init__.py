"""The participant's side: joins a challenge, tests submissions on the public data, and sends them."""
