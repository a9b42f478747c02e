"""Pages of the work itself: home, queue, filing with the simulator, the dossier, search."""
