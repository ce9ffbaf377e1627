"""What predictions read and leave: pointers, stored predictions, camera results, and how much was used."""
