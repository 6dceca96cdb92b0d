mod config;
mod yaml;
