"""From hedges to positions: rules, weights, what to hold today, hedges learned anew."""
