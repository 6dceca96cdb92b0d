mod config;
mod load;
mod yaml;
