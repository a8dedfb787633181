"""How near generated pictures are to photos, and how they bear drawings by people."""
