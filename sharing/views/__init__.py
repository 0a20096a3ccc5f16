"""Pages of the two sides: those who share (``producing``) and those who are asked (``consuming``)."""
