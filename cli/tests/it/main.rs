//! The tests of the program's parts together, over trees of files. Not of one part: those stand beside the code.

mod corpus;
mod demo;
mod misuse;
mod order;
mod program;
mod reference;
mod report;
mod roots;
mod walk;
