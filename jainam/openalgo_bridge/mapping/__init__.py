"""The broker's rows into OpenAlgo's, and OpenAlgo's words into ours."""
