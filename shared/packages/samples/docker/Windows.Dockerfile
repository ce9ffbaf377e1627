# The exported model as a service: docker build -t model . && docker run -p 127.0.0.1:80:80 model
FROM python:3.11.9-windowsservercore-ltsc2022
WORKDIR /app
COPY app/requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY app ./
USER ContainerUser
ENV PORT=80 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
EXPOSE 80
HEALTHCHECK CMD python -c "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'], timeout=5)"
CMD ["python", "app.py"]
