mod domain;
mod guard;
mod prompt;
mod shape;
mod small;
mod texts;
mod words;
