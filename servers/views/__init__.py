"""The pages of servers, a module for each topic."""
