mod discover;
mod giveback;
mod lab;
mod rate;
mod request;
