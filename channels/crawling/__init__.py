"""A site's own pages, as its sitemap lists them, saved to a folder that ingest reads."""
