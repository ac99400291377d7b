//! Exploration: that it finds what is wrong, tells how it came about, finds it again, and proves what is right.

mod kit;
mod named;
mod planted;
mod random;
mod reach;
mod reduction;
mod replays;
mod words;
