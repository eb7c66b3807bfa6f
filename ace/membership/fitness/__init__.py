"""Is a national cloud fit? `facts` of the cloud, the spec's `requirements`, and tests by subject (`registry`)."""
