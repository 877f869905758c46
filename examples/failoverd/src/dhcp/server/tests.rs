mod discover;
mod giveback;
mod lab;
mod request;
