"""The figures of the course, drawn from cnnlib's own data: see README.md."""
