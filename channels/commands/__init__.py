"""`frontdesk …`: one file for each job."""
