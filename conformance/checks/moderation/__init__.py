"""What a service does about others' content: reports, removal, prohibited content, rumours."""
