"""Views for notebooks. They draw what they are handed and know no session and no client."""
