"""What the clinician's and the researcher's pages ask and do."""
