"""The catalogue's pages for people: static, in every language of the ecosystem, whole without JavaScript."""
