//! Small programs that show one use of the libraries each; see the `examples` folder beside.
