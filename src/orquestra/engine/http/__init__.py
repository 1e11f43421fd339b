"""HTTP as such: applications, bodies, pages, and what is answered to requests that fail."""
