"""What a learner knows: answers, online and batch models, forgetting, an explanation in words."""
