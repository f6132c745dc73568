"""What the pages ask and command: one module for each page or part of one."""
