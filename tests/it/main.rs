//! isogate as a user meets it: the real binary, real sockets, real files.
