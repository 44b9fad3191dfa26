"""The adaptive recipe: pass by pass, and where it collapses."""
